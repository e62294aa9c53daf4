"""Annotations: how one input of a task is taken when the task is mapped.

::

    unmapped(x)   whole, by every child
    mapped(x)     element by element, in an ordinary call
    flatten(x)    one level of nesting is taken out first; can be combined with the others
"""


class Annotation:
    """Says how an input is taken; wraps a value or another annotation."""

    mapped: bool | None = None
    flattened: bool = False

    def __init__(self, value: object) -> None:
        self.value: object
        if isinstance(value, Annotation):
            self.mapped = value.mapped if self.mapped is None else self.mapped
            self.flattened = value.flattened or self.flattened
            value = value.value
        self.value = value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r})"


class unmapped(Annotation):  # noqa: N801  # Prefect's name, used as a function
    """Pass an input whole to every child."""

    mapped = False


class mapped(Annotation):  # noqa: N801  # Prefect's name, used as a function
    """Map over an input of an ordinary call."""

    mapped = True


class flatten(Annotation):  # noqa: N801  # Prefect's name, used as a function
    """Take one level of nesting out of an input before it is used."""

    flattened = True


def read_annotation(value: object, is_mapped: bool) -> tuple[object, bool, bool]:
    """Return a value without its annotation, and whether it is mapped and flattened."""
    if not isinstance(value, Annotation):
        return value, is_mapped, False
    chosen = is_mapped if value.mapped is None else value.mapped
    return value.value, chosen, value.flattened
