"""Reading pickles of unknown origin: numbers, text, plain containers and arrays, and nothing else."""

from __future__ import annotations

import io
import pickle
import re
from typing import Any, ClassVar

import numpy as np

_PLAIN = re.compile(r"[biufcSU]\d+")  # numpy's codes of numbers and text
_SCALAR: Any = np.float64().__reduce__()[0]  # what builds a number of numpy, which has moved it
_FROM_BUFFER: Any = np.empty(0).__reduce_ex__(5)[0]  # what builds an array from bytes in protocol 5


def _dtype(code: Any, *_: Any) -> np.dtype[Any]:
    text = code.decode("latin1") if isinstance(code, bytes) else code
    if not isinstance(text, str) or not _PLAIN.fullmatch(text):
        raise pickle.UnpicklingError(f"it asks for an array of {text!r}; expected numbers or text")
    return np.dtype(text, copy=True)


def _array(*_: Any) -> np.ndarray[Any, Any]:
    return np.empty(0)  # shape, type and contents follow


def _from_buffer(content: Any, dtype: np.dtype[Any], *shape: Any) -> Any:
    return _FROM_BUFFER(content, _own(dtype), *shape)


def _scalar(dtype: np.dtype[Any], content: Any) -> Any:
    return _SCALAR(_own(dtype), content)


def _own(dtype: Any) -> np.dtype[Any]:
    """Return what `_dtype` made, and nothing that numpy would take for a name of one."""
    if not isinstance(dtype, np.dtype):
        raise pickle.UnpicklingError(f"it asks for an array of {dtype!r}; expected numbers or text")
    return dtype


def _encoded(text: str = "", encoding: str = "latin1") -> bytes:
    """Return bytes as protocols before 3 write them: as text, which has one character for each."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it asks for the encoding {encoding!r}; expected latin1")
    return text.encode("latin1")


_ADMITTED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): "ndarray",  # said by each array, and not needed
    ("numpy", "dtype"): _dtype,
    ("_codecs", "encode"): _encoded,
    **{(module, "bytes"): _encoded for module in ("builtins", "__builtin__")},  # without a byte
    **{(module, "complex"): complex for module in ("builtins", "__builtin__")},
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _array for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _scalar for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _from_buffer for core in ("core", "_core")},
}
_BUILD: Any = pickle._Unpickler.dispatch[pickle.BUILD[0]]


class _Unpickler(pickle._Unpickler):  # the one in Python, since that in C looks neither at extensions nor at states
    stack: list[Any]
    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}; expected arrays and plain containers only")
        return _ADMITTED[module, name]

    def get_extension(self, code: int) -> None:
        raise pickle.UnpicklingError(f"it asks for extension {code}; expected arrays and plain containers only")

    def load_build(self) -> None:
        """Give an array its contents, or a dtype its byte order; any other state could make numpy read wild memory."""
        made, state = self.stack[-2:]
        if isinstance(made, np.dtype):
            said = tuple(part.decode("latin1") if isinstance(part, bytes) else part for part in state)
            if said not in [one.__reduce__()[2] for one in (made.newbyteorder("<"), made.newbyteorder(">"))]:
                raise pickle.UnpicklingError(f"it asks for a {made} with {state!r}; expected numbers or text")
        elif not isinstance(made, np.ndarray):
            raise pickle.UnpicklingError(f"it asks for a {type(made).__name__} with {state!r}; expected an array")
        _BUILD(self)

    dispatch[pickle.BUILD[0]] = load_build


def load(content: bytes) -> Any:
    """Return the value of a pickle of any protocol, written by Python 2 or 3; text of Python 2 is read as bytes.

    A pickle is a program. This one may build numbers, text, lists, tuples, dictionaries, and numbers and arrays of
    numpy, of any shape and byte order, that hold numbers or text. Whatever else it names is refused before its import.

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
