"""An instant messaging and presence server for mobile networks (OMA IMPS, Wireless Village)."""
