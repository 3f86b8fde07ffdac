"""What the Makefile calls: execute and check the notebooks, collect the ledger."""
