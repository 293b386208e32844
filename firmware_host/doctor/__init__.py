"""What hangs on a port: who it is, how it is set, how good the line is. Nothing here moves the table unless asked."""
