"""What we remember: SQL, a file a subject. SQL lives here and nowhere else."""

__all__: list[str] = []
