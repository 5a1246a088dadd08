"""Ours: Ciw, which the bench measures, installs a package of this name too."""
