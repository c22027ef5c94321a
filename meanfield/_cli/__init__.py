"""The command line: options shared by all commands, and the commands."""
