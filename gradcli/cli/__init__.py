"""The command line: thin commands, each read -> call -> render."""
