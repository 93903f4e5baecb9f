/**
 * Several statements as one query of pg's: sent in one packet with one Sync at its end. PostgreSQL skips everything behind the first that fails,
 * and answers all of them at once.
 *
 * What lies between two Syncs is one transaction where it does not begin or end one itself: it holds once the Sync is answered, all of it or nothing.
 * Columns are asked for when a statement is prepared, and not again. A session refuses what it has prepared once its columns have changed (0A000); a
 * pooler may give us another session, but the columns that anybody reads here are written in our texts and change with them alone.
 * Source: PostgreSQL documentation, "Message Flow", "Pipelining".
 */
import type { Client, Connection, FieldDef, Submittable } from 'pg';
import { databaseLimits } from '../process/limits.ts';
import type { BatchEntry, BatchOutcome, StatementResult } from './statement-batch.ts';

export type Row = Record<string, unknown>;

interface Column {
  readonly name: string;
  readonly parse: (text: string) => unknown;
}

interface Columns {
  readonly list: readonly Column[];
  /** Has every name already: one that an object inherits from its prototype is a column like any other. */
  readonly emptyRow: Readonly<Row>;
}

const noColumns: Columns = { list: [], emptyRow: {} };

/** What has to be known of one connection. */
export interface BatchSession {
  readonly client: Client;
  /** What it has prepared, by name; undefined: its columns are not known. While it has as many as it may, those used last are at the end: their order
   * says what is closed first, ahead of the next packet. */
  readonly prepared: Map<string, Columns | undefined>;
  /** Whom PostgreSQL answers. */
  current: BatchQuery | undefined;
}

/** The number at the end of a command tag. */
const rowCountOf = (tag: string): number => Number(/\d+$/.exec(tag)?.[0] ?? 0);

export class BatchQuery implements Submittable {
  readonly #entries: readonly BatchEntry[];
  readonly #session: BatchSession;
  readonly #settle: (outcome: BatchOutcome<Row>) => void;
  readonly #results: StatementResult<Row>[] = [];
  /** Names of what is being prepared, in the order in which PostgreSQL tells of it. */
  readonly #preparing: string[] = [];
  #columns: Columns | undefined;
  #rows: Row[] = [];
  #fault: unknown;

  /** @param settle  called once */
  constructor(session: BatchSession, entries: readonly BatchEntry[], settle: (outcome: BatchOutcome<Row>) => void) {
    this.#session = session;
    this.#entries = entries;
    this.#settle = settle;
  }

  submit(connection: Connection): void {
    this.#session.current = this;
    connection.stream.cork();
    try {
      this.#closeOldest(connection);
      for (const entry of this.#entries) this.#send(connection, entry);
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
  }

  /** Ahead of all else: nothing can fail before it, and no rollback undoes it, so that they are closed whatever becomes of the packet. One that
   * it needs is prepared again. */
  #closeOldest(connection: Connection): void {
    const { prepared } = this.#session;
    while (prepared.size > databaseLimits.preparedMax) {
      const [name] = prepared.keys();
      if (name === undefined) return;
      connection.close({ type: 'S', name }, true);
      prepared.delete(name);
    }
  }

  #send(connection: Connection, { name, text, values }: BatchEntry): void {
    if (name === '' || !(this.#session.prepared.has(name) || this.#preparing.includes(name))) {
      connection.parse({ name, text, types: [] }, true);
      this.#preparing.push(name);
    }
    connection.bind({ statement: name, values }, true);
    if (this.#session.prepared.get(name) === undefined) connection.describe({ type: 'P', name: '' }, true);
    connection.execute({ portal: '', rows: '' }, true);
  }

  /** Not one of pg's: see batch-driver.ts. */
  handleParseComplete(): void {
    const name = this.#preparing.shift();
    if (name) this.#session.prepared.set(name, undefined);
  }

  handleRowDescription({ fields }: { readonly fields: readonly FieldDef[] }): void {
    const list = fields.map(({ name, dataTypeID }) => ({
      name,
      parse: this.#session.client.getTypeParser(dataTypeID, 'text'),
    }));
    this.#columns = { list, emptyRow: Object.fromEntries(list.map(({ name }) => [name, null])) };
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    try {
      this.#rows.push(this.#rowOf(fields));
    } catch (error) {
      this.#fault = error;
    }
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const name = this.#entries[this.#results.length]?.name;
    if (name) this.#notePrepared(name, this.#columnsOf(name));
    this.#results.push({ rows: this.#rows, rowCount: rowCountOf(text) });
    this.#columns = undefined;
    this.#rows = [];
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: '' });
  }

  handleError(error: unknown): void {
    this.#end({ results: this.#results, failure: { error } });
  }

  handleReadyForQuery(): void {
    if (this.#fault !== undefined) this.handleError(this.#fault);
    else this.#end({ results: this.#results });
  }

  /** PostgreSQL asks for what COPY is to read, and passes over the Sync that it has been sent; it ends the session where a statement was sent behind
   * COPY. Nobody can declare one. */
  handleCopyInResponse(connection: Connection & { sendCopyFail(message: string): void }): void {
    connection.sendCopyFail('nothing is copied');
    connection.sync();
  }

  handleCopyData(): void {}

  /** An idle connection keeps nothing of what was asked last. */
  #end(outcome: BatchOutcome<Row>): void {
    this.#session.current = undefined;
    this.#settle(outcome);
  }

  /** Its order costs time, so that it is kept only once it may be needed. */
  #notePrepared(name: string, columns: Columns): void {
    const { prepared } = this.#session;
    if (prepared.size >= databaseLimits.preparedMax) prepared.delete(name);
    prepared.set(name, columns);
  }

  /** @param name  of the statement that is being answered */
  #columnsOf(name: string): Columns {
    this.#columns ??= this.#session.prepared.get(name) ?? noColumns;
    return this.#columns;
  }

  #rowOf(fields: readonly (string | null)[]): Row {
    const { list, emptyRow } = this.#columns ?? this.#columnsOf(this.#entries[this.#results.length]?.name ?? '');
    const row: Row = { ...emptyRow };
    for (let place = 0; place < list.length; place++) {
      const [column, field] = [list[place], fields[place]];
      if (column && typeof field === 'string') row[column.name] = column.parse(field);
    }
    return row;
  }
}
