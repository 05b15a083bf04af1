"""An example of a package that brings kinds of its own: jobs that are files, and events that are lines of a file."""
