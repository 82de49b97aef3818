"""Members of public classes that are for the library, not for users; the reference leaves them out."""

import re

_OF_VALUES = (
    "at_rate|batches|check_on|described|full_batch_because|in_brief|inside|kind|largest|middle_rate|name|"
    "not_auto_because|outputs|outputs_after|rate|restored|spans_fit|times|values|values_on|width"
)
_OF_DISTRIBUTIONS = "between|count|draw|lengths|place|span"
_OF_BASES = r"add_note|args|index|with_traceback|get_metadata_routing|set_\w+_request"
_OF_RESULTS = "append|checkpoint|of|with_proof"
INTERNAL = re.compile(f"{_OF_VALUES}|{_OF_DISTRIBUTIONS}|{_OF_BASES}|{_OF_RESULTS}")
CALLED_BY_FIT = re.compile(r"(?!Callback\.)\w+\.on_\w+")  # of callbacks, by qualified name


def is_internal(name: str, member: object) -> bool:
    """Whether a member of a class is left out."""
    qualified = getattr(member, "__qualname__", "")
    return name.startswith("_") or bool(INTERNAL.fullmatch(name) or CALLED_BY_FIT.fullmatch(qualified))
