"""tongdai: a contact center you import."""
