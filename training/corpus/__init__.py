"""From scraped posts to documents, and from documents to tokens in Parquet."""
