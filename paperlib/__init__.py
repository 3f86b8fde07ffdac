"""Helper library of the executable edition of *How Does the Task Landscape Affect MAML Performance?*."""
