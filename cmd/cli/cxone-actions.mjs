#!/usr/bin/env node
/** The program `cxone-actions`: the launcher with the CLI's entry. */
process.argv.splice(2, 0, 'cli');
await import('../launch.mjs');
