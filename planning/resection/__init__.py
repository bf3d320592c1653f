"""What the cuts part: pieces, links, specimen, margins."""
