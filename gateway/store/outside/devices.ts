import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openForReading } from '../sqlite/openDatabase.js';
import { statement } from '../sqlite/statement.js';

/** A registered device, as far as devices are chosen by it. */
export interface KnownDevice {
  id: string;
  model: string | null;
  tags: Record<string, string>;
}

/** The registered devices of a data folder on which no gateway has to run. */
export function readDevices(folder: string): KnownDevice[] {
  const path = join(folder, 'tidegate.db');
  if (!existsSync(path)) return [];
  const db = openForReading(path);
  try {
    const rows = statement<{ id: string; model: string | null; tags: string }>(
      db,
      'SELECT id, model, tags FROM devices ORDER BY id',
    ).all();
    return rows.map(({ id, model, tags }) => ({ id, model, tags: JSON.parse(tags) }));
  } finally {
    db.close();
  }
}
