"""Names of runs from templates: ``"{flow_name}_{date:%Y-%m-%d}"``, or a function of the same keys."""

from collections.abc import Callable, Mapping

from nemflow.errors import DefinitionError


def fill_name(template: str | Callable[..., str], keys: Mapping[str, object], whose: str) -> str:
    """Fill the template of a run's name.

    Args:
        template: for ``str.format``, or a callable that takes the keys.
        keys: what the template may use.
        whose: the task or flow, for messages.

    Raises:
        DefinitionError: the template uses a key that is not there, or cannot be filled.

    >>> fill_name("{flow_name}-{n:02d}", {"flow_name": "prices", "n": 3}, "flow 'prices'")
    'prices-03'
    """
    if callable(template):
        return template(**keys)
    try:
        return template.format_map(keys)
    except KeyError as error:
        known = ", ".join(sorted(keys))
        raise DefinitionError(
            f"the run name {template!r} of {whose} uses {error.args[0]!r}, which is not known; "
            f"known are: {known}"
        ) from error
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        raise DefinitionError(
            f"the run name {template!r} of {whose} cannot be filled: {error}"
        ) from error
