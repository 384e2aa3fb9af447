"""gradcli: numbers, formula and proof of a gradient in one answer."""

__version__ = "0.1.0"
