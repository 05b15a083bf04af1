"""The layers of the configuration, as settings sources that pydantic-settings merges.

A value comes, the first that is there, from the environment, from the configuration file, from a secret file in
systemd's `$CREDENTIALS_DIRECTORY` or in `/run/secrets`. What is in a file that is named belongs to the layer that names
it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from jobwatchd.kinds.secrets import secret_fields
from jobwatchd.settings.document import Document
from jobwatchd.settings.environment import UnknownVariableError, Variables, refuse_placeholders, variables_in
from jobwatchd.settings.presets import apply_presets
from jobwatchd.settings.problems import Problem
from jobwatchd.settings.registry import preset_files
from jobwatchd.settings.schema import model_at, sections, value_at
from jobwatchd.settings.secret_files import Folders, find_secrets, read_named
from jobwatchd.values.section import KeyPath


@dataclass(slots=True)
class Inputs:
    """What the layers read; `merged` is what they say together so far, but for what only the folders of secrets have.

    Mistakes are told to the problems of the document.
    """

    document: Document
    env: Mapping[str, str]
    folders: Folders
    merged: dict[str, Any] = field(default_factory=dict)


class Layer(PydanticBaseSettingsSource):
    """A layer; called, it returns its part of the whole as a tree."""

    def __init__(self, settings_cls: type[BaseSettings], inputs: Inputs) -> None:
        super().__init__(settings_cls)
        self.inputs = inputs
        self.problems = inputs.document.problems

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - the library's
        """Return nothing: a layer is not asked for its fields one by one."""
        return None, field_name, False

    def _with_named_files(self, tree: dict[str, Any]) -> dict[str, Any]:
        """Return the tree, with what is in the files that it names."""
        for path, model, _ in sections(self.settings_cls, self.inputs.merged):
            if isinstance(section := value_at(tree, path), dict):
                read_named(path, model, section, self.inputs.folders, self.problems)
        return tree


class EnvironmentLayer(Layer):
    """The `JOBWATCHD_…` variables; what they may be called depends on the file."""

    def __call__(self) -> dict[str, Any]:
        """Return what they set; which of them set a key, or the other form of a secret, is kept with the problems."""
        own: dict[str, Any] = {}
        self.inputs.merged = _copied(self.inputs.document.tree)
        variables = Variables(self.settings_cls, self.inputs.merged)
        for name in variables_in(self.inputs.env):
            try:
                path, value = variables.read(name, self.inputs.env[name])
            except UnknownVariableError as exc:
                sentence = f"environment variable {name}: {exc}{variables.suggest(name)}"
                self.problems.found.append(Problem(0, sentence))
                continue
            if _put(self.inputs.merged, path, value):
                self._decide(path, name)
                _put(own, path, value)
        return self._with_named_files(own)

    def _decide(self, path: KeyPath, variable: str) -> None:
        self.problems.variables[path] = variable
        model = model_at(self.settings_cls, path[:-1], self.inputs.merged)
        for secret in () if model is None else secret_fields(model):
            if path[-1] in {secret.key, secret.file_key} and value_at(self.inputs.merged, path) is not None:
                for key in filter(None, (secret.key, secret.file_key)):
                    self.problems.variables.setdefault((*path[:-1], key), variable)


class FileLayer(Layer):
    """The configuration file, with presets laid under it, but for what the environment decides."""

    def __init__(self, settings_cls: type[BaseSettings], inputs: Inputs) -> None:
        super().__init__(settings_cls, inputs)
        # `sinks:` with nothing under it, all commented out, means the defaults.
        inputs.document.tree = {key: value for key, value in inputs.document.tree.items() if value is not None}
        apply_presets(inputs.document.tree, preset_files())

    def __call__(self) -> dict[str, Any]:
        """Return what it says."""
        tree = self.inputs.document.tree
        for path in self.problems.variables:
            if isinstance(section := value_at(tree, path[:-1]), dict):
                section.pop(str(path[-1]), None)
        refuse_placeholders(tree, Variables(self.settings_cls, self.inputs.merged), self.problems)
        return self._with_named_files(tree)


class SecretFolderLayer(Layer):
    """The folders of secrets."""

    def __call__(self) -> dict[str, Any]:
        """Return the secrets that no other layer has."""
        self.inputs.merged = self.current_state
        found: dict[str, Any] = {}
        unwritten: dict[str, Any] = {key: {} for key in self.settings_cls.model_fields}
        for path, model, section in sections(self.settings_cls, unwritten | self.current_state):
            for key, value in find_secrets(path, model, section, self.inputs.folders, self.problems).items():
                _put(found, (*path, key), value)
        return found


def _put(tree: dict[str, Any], path: KeyPath, value: Any) -> bool:
    """Put a value into a tree; False where it has something else than mappings on the way to it."""
    here: Any = tree
    for key in path[:-1]:
        if here.get(key) is None:
            here[key] = {}
        here = here[key]
        if not isinstance(here, dict):
            return False
    here[path[-1]] = value
    return True


def _copied(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tree of other mappings with the same values."""
    return {key: _copied(value) if isinstance(value, dict) else value for key, value in tree.items()}
