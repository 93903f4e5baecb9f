/**
 * What a paper reckons: numbers with or without a unit (KiB, MiB), names, + * / and brackets. Throws on anything else.
 */
const units: Readonly<Record<string, number>> = { KiB: 1_024, MiB: 1_048_576 };

/** @param lookUp  of a name; throws for one that is not known */
export const reckon = (text: string, lookUp: (name: string) => number): number => {
  const tokens = text.match(/\d+(?:\.\d+)?|\w+|\S/g) ?? [];
  let at = 0;
  const take = (): string => tokens[at++] ?? '';

  const factor = (): number => {
    const token = take();
    if (token === '(') {
      const value = sum();
      if (take() !== ')') throw new Error(`${text}: a bracket stays open`);
      return value;
    }
    if (!/^\w/.test(token)) throw new Error(`${text}: "${token}" is out of place`);
    const value = /^\d/.test(token) ? Number(token) : lookUp(token);
    const unit = units[tokens[at] ?? ''];
    if (unit === undefined) return value;
    take();
    return value * unit;
  };
  const product = (): number => {
    let value = factor();
    while (tokens[at] === '*' || tokens[at] === '/') value = take() === '*' ? value * factor() : value / factor();
    return value;
  };
  const sum = (): number => {
    let value = product();
    while (tokens[at] === '+') {
      take();
      value += product();
    }
    return value;
  };

  const value = sum();
  if (at < tokens.length) throw new Error(`${text}: "${tokens[at]}" is out of place`);
  return value;
};
