"""The version of weft, for the face and for the files that it writes."""

__version__ = "0.1.0"
