"""What all mappings have in common that people write."""

from pydantic import BaseModel, ConfigDict

SECTION_CONFIG = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)


class Section(BaseModel):
    """A mapping that people write: cannot be changed, refuses keys it does not know, quotes no values."""

    model_config = SECTION_CONFIG
