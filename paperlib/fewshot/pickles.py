"""Reading pickles of unknown origin: numbers, text, plain containers and arrays, and nothing else."""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np

_RECONSTRUCT: Any = np.empty(0).__reduce__()[0]  # what builds an array from its pickle; numpy has moved it once
_ADMITTED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}; expected arrays and plain containers only")
        return _ADMITTED[module, name]


def load(content: bytes) -> Any:
    """Return the value of a pickle written by Python 2 or 3, in which text of Python 2 is read as bytes.

    A pickle is a program. This one may build numbers, text, lists, tuples, dictionaries and numpy arrays; whatever
    else it names is refused before it is imported.

    Raises:
        pickle.UnpicklingError: if the pickle names anything else, or is broken.

    Example:
        >>> load(pickle.dumps({"labels": [3, 1], "data": np.eye(2)}))["labels"]
        [3, 1]
        >>> load(b"cos\\nsystem\\n.")
        Traceback (most recent call last):
        _pickle.UnpicklingError: it asks for os.system; expected arrays and plain containers only
    """
    try:
        return _Unpickler(io.BytesIO(content), encoding="bytes").load()
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # a broken pickle can raise anything: EOFError, IndexError, TypeError, MemoryError, ...
        raise pickle.UnpicklingError(f"it is broken ({type(error).__name__}: {error})") from error
