"""What a line of text may hold."""

from unicodedata import category

# Control characters, lone surrogates, line and paragraph separators: they break a line, or cannot be stored.
_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}


def is_one_line(text: str) -> bool:
    """Whether the text can be printed in one line."""
    return not any(category(character) in _UNPRINTABLE for character in text)


def is_blank(text: str) -> bool:
    """Whether the text has no letter and no digit."""
    return not any(character.isalnum() for character in text)
