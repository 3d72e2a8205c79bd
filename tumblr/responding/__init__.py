"""From a turn to a post, exactly once: jobs at the switchboard, the driver, the publisher."""
