"""May this happen? Contracts and policies are files; here they are read once, made exact, and asked."""
