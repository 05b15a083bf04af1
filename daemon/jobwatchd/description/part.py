"""What all parts of a description have in common."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A mapping in a description: cannot be changed, refuses keys it does not know, quotes no values."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)
