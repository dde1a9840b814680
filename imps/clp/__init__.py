"""The door for phones that can only text: commands in the style of the Command Line Protocol."""
