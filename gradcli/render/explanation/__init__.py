"""The tape of `explain` as text: two tables, one file per format."""
