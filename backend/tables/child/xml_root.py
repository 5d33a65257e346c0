"""The beginning of an XML document, looked at before anything else reads it."""

from typing import IO, Any
from xml.parsers import expat

from backend.tables.child.limits import NotReadable

_PIECE = 65_536


class _Root(Exception):
    """The first element was reached; its name is the message."""


def root_element(file: IO[bytes]) -> str:
    """The name of the first element of an XML document.

    Raises:
        NotReadable: it is no XML, or has a document type, which may define entities.
    """
    parser = expat.ParserCreate()

    def refuse(*_: Any) -> None:
        raise NotReadable(
            "The XML has a document type (<!DOCTYPE …>), which may define entities: it is not "
            "read. Remove that line; a VOTable needs none."
        )

    def stop(name: str, _: Any) -> None:
        raise _Root(name)

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = stop
    try:
        while piece := file.read(_PIECE):
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except _Root as found:
        return str(found)
    except expat.ExpatError as error:
        raise NotReadable(f"The file is not well-formed XML: {error}.") from error
    raise NotReadable("The file is XML without any element.")
