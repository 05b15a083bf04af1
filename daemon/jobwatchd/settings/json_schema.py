"""The configuration file as JSON Schema (draft 2020-12), for editors; made of the sections themselves.

A section says what its values become; the schema says how they are written: durations with their units, secrets that
may be in a file instead or come from elsewhere, kinds that are presets, of whose description anything may be left out.
Whatever the schema refuses, the daemon refuses too, but for what the environment may add; the daemon knows more.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema, to_jsonable_python

from jobwatchd.settings.registry import DescribedSettings, preset_files
from jobwatchd.settings.root import Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SCALARS = ("string", "integer", "number", "boolean")
_NULL: JsonSchemaValue = {"type": "null"}
_WRITTEN = {"not": _NULL}


def config_schema() -> JsonSchemaValue:
    """Return the schema of the configuration file."""
    schema = Settings.model_json_schema(schema_generator=Generator)
    definitions = schema["$defs"]
    for section in definitions.values():
        _relax_secrets(section)
    schema["properties"] = {
        # What names this schema, for editors; the daemon passes over it.
        "$schema": {"type": "string"},
        # A section of which everything is commented out is as good as none.
        **{key: value if key in schema["required"] else _or_null(value) for key, value in schema["properties"].items()},
    }
    _add_presets(schema, definitions)
    about = {"$schema": DIALECT, "title": "jobwatchd", "description": "The configuration of jobwatchd."}
    return {**schema, **about}


class Generator(GenerateJsonSchema):
    """Describes values as they are written in the file."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        """Say no: a title that repeats the key tells nothing."""
        return False

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Refuse keys that are not of the pattern, where there is one."""
        described = super().dict_schema(schema)
        return {**described, "additionalProperties": False} if "patternProperties" in described else described

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """Leave out what OpenAPI has beyond JSON Schema: each kind tells itself by its `kind`."""
        described = super().tagged_union_schema(schema)
        return {key: value for key, value in described.items() if key != "discriminator"}

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        """Take anything for a value that is read by code which does not say how it is written."""
        described = super().function_before_schema(schema)
        is_told = "json_schema_input_schema" in schema or described.get("type") not in _SCALARS
        return described if is_told else {}

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Show a default as it would be written: 20s, not 20.0."""
        described = super().default_schema(schema)
        write = _serializer(schema["schema"])
        if write is None or described.get("default") is None:
            return described
        return {**described, "default": to_jsonable_python(write(described["default"]))}

    def handle_invalid_for_json_schema(self, schema: CoreSchema, error_info: str) -> JsonSchemaValue:  # noqa: ARG002
        """Take anything for a value of which nothing is told."""
        return {}


def _serializer(schema: CoreSchema) -> Any:
    serialization = schema.get("serialization", {})
    is_plain = serialization.get("type") == "function-plain" and not serialization.get("info_arg")
    return serialization.get("function") if is_plain else None


def _relax_secrets(section: JsonSchemaValue) -> None:
    """Let a section go without its secrets, which may be elsewhere, and have each only once."""
    properties = section.get("properties", {})
    exclusive = []
    for key in [key for key, value in properties.items() if _is_secret(value)]:
        if key in section.get("required", ()):
            section["required"] = [other for other in section["required"] if other != key]
        properties[key] = _or_null(properties[key])
        in_file = next((name for name in (f"{key}_file", f"{key.removesuffix('s')}_files") if name in properties), None)
        if in_file is not None:
            both = {key: _WRITTEN, in_file: _WRITTEN}
            exclusive.append({"not": {"required": [*both], "properties": both}})
    if exclusive:
        section["allOf"] = exclusive


def _is_secret(value: JsonSchemaValue) -> bool:
    return any(
        part.get("writeOnly") or part.get("items", {}).get("writeOnly") for part in (value, *value.get("anyOf", ()))
    )


def _add_presets(schema: JsonSchemaValue, definitions: dict[str, JsonSchemaValue]) -> None:
    """Add sources whose kind is a preset: as one with a description, of which what is written is laid over it."""
    name = DescribedSettings.__name__
    partial = dict(_partial_definitions(name, definitions))
    source, whole = partial[f"{name}-partial"], definitions[name]
    source["required"] = ["kind", "base_url"]
    source["properties"] |= {"kind": {"enum": [*preset_files()]}, "base_url": whole["properties"]["base_url"]}
    definitions.update(partial)
    [sources] = schema["properties"]["sources"]["patternProperties"].values()
    sources["oneOf"].append({"$ref": f"#/$defs/{name}-partial"})


def _partial_definitions(
    name: str, definitions: Mapping[str, JsonSchemaValue]
) -> Iterator[tuple[str, JsonSchemaValue]]:
    """Yield a definition, and those that it refers to, with everything optional, and null to take something away."""
    todo, done = [name], set[str]()
    while todo:
        name = todo.pop()
        if name not in done:
            done.add(name)
            yield f"{name}-partial", _partial(deepcopy(definitions[name]), todo)


def _partial(schema: JsonSchemaValue, referred: list[str]) -> JsonSchemaValue:
    """Return what may be laid over a value of this schema; adds the definitions that it refers to."""
    partial = {key: value for key, value in schema.items() if key not in {"required", "minProperties", "default"}}
    if "$ref" in partial:
        name = partial["$ref"].removeprefix("#/$defs/")
        referred.append(name)
        partial["$ref"] = f"#/$defs/{name}-partial"
    for key in ("properties", "patternProperties"):
        if key in partial:
            partial[key] = {name: _or_null(_partial(value, referred)) for name, value in partial[key].items()}
    if isinstance(partial.get("additionalProperties"), dict):
        partial["additionalProperties"] = _or_null(_partial(partial["additionalProperties"], referred))
    # Where the kind may be left out, several may fit.
    choices = partial.pop("oneOf", None) or partial.get("anyOf")
    if choices is not None:
        partial["anyOf"] = [_partial(choice, referred) for choice in choices]
    return partial


def _or_null(value: JsonSchemaValue) -> JsonSchemaValue:
    """Return the same, or null; nothing new where null may be there already."""
    return value if not value or _NULL in value.get("anyOf", ()) else {"anyOf": [value, _NULL]}
