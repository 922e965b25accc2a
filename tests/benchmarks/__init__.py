"""How fast and how dear Omnigate is, beside named baselines in the same run: `make bench`. Nothing is asserted here."""
