"""XML that any parser reads, whatever text goes in."""

import re
from xml.etree.ElementTree import Element, SubElement, tostring

# What XML 1.0 allows in no form (section 2.2).
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def root(tag: str, namespaces: dict[str, str], **attributes: str) -> Element:
    """An element with these namespaces by their prefixes; the default one's prefix is ""."""
    declared = {f"xmlns:{prefix}" if prefix else "xmlns": uri for prefix, uri in namespaces.items()}
    return Element(tag, {**declared, **attributes})


def add(parent: Element, tag: str, text: object = "", **attributes: object) -> Element:
    """A child with that text; tags and attributes bear their prefix. Falsy attributes are left out.

    A trailing underscore is no part of an attribute's name.
    """
    named = {name.rstrip("_"): clean(value) for name, value in attributes.items() if value}
    child = SubElement(parent, tag, named)
    child.text = clean(text)
    return child


def clean(text: object) -> str:
    """The text without what XML forbids."""
    return _FORBIDDEN.sub("", str(text))


def document(element: Element) -> bytes:
    """The whole document in UTF-8, with its declaration."""
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(element, encoding="utf-8")
