/** A queue that can be left from anywhere in it, each operation in constant time: a doubly linked list. */

interface Node<T> {
  readonly value: T;
  before: Node<T> | undefined;
  after: Node<T> | undefined;
  queued: boolean;
}

interface Fifo<T> {
  readonly size: number;
  /** @returns takes the value out again; safe to call twice and after it was shifted */
  push(value: T): () => void;
  first(): T | undefined;
  shift(): T | undefined;
}

export const createFifo = <T>(): Fifo<T> => {
  let head: Node<T> | undefined;
  let tail: Node<T> | undefined;
  let size = 0;

  const unlink = (node: Node<T>): void => {
    if (!node.queued) return;
    node.queued = false;
    size -= 1;
    if (node.before) node.before.after = node.after;
    else head = node.after;
    if (node.after) node.after.before = node.before;
    else tail = node.before;
  };

  return {
    get size() {
      return size;
    },
    push: (value) => {
      const node: Node<T> = { value, before: tail, after: undefined, queued: true };
      if (tail) tail.after = node;
      else head = node;
      tail = node;
      size += 1;
      return () => unlink(node);
    },
    first: () => head?.value,
    shift: () => {
      const node = head;
      if (node) unlink(node);
      return node?.value;
    },
  };
};
