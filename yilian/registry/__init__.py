"""Who and where: institutions, consortia, residents."""
