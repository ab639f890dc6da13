"""The op table, a file per kind of op; every op is defined once, in one place."""
