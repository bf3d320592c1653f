"""Case files that survive crashes, and the journal of edits."""
