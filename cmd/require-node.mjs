/**
 * Ends the process with one clear sentence where Node is too old for what follows. Plain old JavaScript on purpose, so that an
 * old Node gets this far.
 */
const nodeMajorMin = 24;

if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
  process.stderr.write(
    `This needs Node ${nodeMajorMin} or newer and found ${process.versions.node}: run \`npm ci\` without --ignore-scripts, which brings one for npm's scripts, or install Node ${nodeMajorMin}.\n`,
  );
  process.exit(2);
}
