/**
 * What a plan of PostgreSQL's says of how a statement finds its rows. Pure: it reads what EXPLAIN has told, and asks nothing.
 * Source: PostgreSQL documentation, "Using EXPLAIN"; names of nodes and fields as in its JSON.
 */

type PlanNode = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is PlanNode => typeof value === 'object' && value !== null;
const childrenOf = ({ Plans: plans }: PlanNode): readonly PlanNode[] =>
  Array.isArray(plans) ? plans.filter(isNode) : [];
const typeOf = (node: PlanNode | undefined): unknown => node?.['Node Type'];
const isParameter = (node: PlanNode): boolean =>
  node['Parent Relationship'] === 'InitPlan' && typeOf(node) === 'Result' && childrenOf(node).length === 0;

/** What it reads from, where that is one thing and it works out nothing else beside parameters. */
const onlyInput = (node: PlanNode): PlanNode | undefined => {
  const inputs = childrenOf(node).filter((child) => !isParameter(child));
  return inputs.length === 1 ? inputs[0] : undefined;
};

interface IndexUse {
  readonly schema: string;
  readonly index: string;
  /** How many of its columns are compared for equality. */
  readonly columns: number;
}

/** By which a statement finds what it changes, locks or reads. */
const scanOf = (top: PlanNode): PlanNode | undefined => {
  const changes = typeOf(top) === 'ModifyTable' && (top.Operation === 'Update' || top.Operation === 'Delete');
  if (!changes && typeOf(top) !== 'LockRows') return top;
  const scan = onlyInput(top);
  // A partition has another name.
  return changes && scan?.['Relation Name'] !== top['Relation Name'] ? undefined : scan;
};

/** What stands on the left of `=` is a column of the index; twice the same one is one column. */
const comparedColumns = (condition: string): number => {
  const parts = condition.replaceAll(/'(?:[^']|'')*'/g, "''").split(' AND ');
  const lefts = parts
    .filter((part) => part.includes(' = '))
    .map((part) => part.replace(/^\(+/, '').replace(/ = .*$/s, ''));
  return new Set(lefts).size;
};

/** @param told  the row of EXPLAIN (FORMAT JSON, VERBOSE)
 * @returns undefined unless all that it reads are rows of one table by one index */
export const indexUsedBy = (told: unknown): IndexUse | undefined => {
  const plan = isNode(told) ? told['QUERY PLAN'] : undefined;
  const top: unknown = Array.isArray(plan) && isNode(plan[0]) ? plan[0].Plan : undefined;
  const scan = isNode(top) ? scanOf(top) : undefined;
  if (!scan) return undefined;
  const isBitmap = typeOf(scan) === 'Bitmap Heap Scan';
  if (!isBitmap && childrenOf(scan).some((child) => !isParameter(child))) return undefined;
  const { 'Index Name': index, 'Index Cond': condition } = (isBitmap ? onlyInput(scan) : scan) ?? {};
  const { Schema: schema } = scan;
  if (typeof index !== 'string' || typeof schema !== 'string' || typeof condition !== 'string') return undefined;
  return { schema, index, columns: comparedColumns(condition) };
};
