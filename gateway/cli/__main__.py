"""`python -m gateway.cli`: the same commands where no script is installed."""

from gateway.cli import main

main()
