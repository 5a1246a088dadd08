"""Values that every block shares. Nothing here changes, waits or decides."""
