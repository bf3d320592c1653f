"""Benchmarks that print figures beside their peers; nothing here asserts times."""
