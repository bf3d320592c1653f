"""Tests of resection."""
