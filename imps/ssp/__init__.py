"""The SSP door: partner servers, by which users of other domains are reached."""
