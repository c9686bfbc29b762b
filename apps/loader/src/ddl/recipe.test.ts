import { expect, it } from 'vitest';
import { ddlRecord } from './ddl-record.fixture.js';
import { recipeOf } from './recipe.js';

it.each([
  ['TRUNCATE TABLE t', 'remove-rows'],
  ['ALTER TABLE t DROP PARTITION p1', 'remove-rows'],
  ['ALTER TABLE t EXCHANGE PARTITION p1 WITH TABLE u', 'remove-rows'],
  ['ALTER TABLE t RENAME COLUMN a TO b', 'expand-migrate-contract'],
  ['ALTER TABLE t CHANGE a b INT', 'expand-migrate-contract'],
  ['ALTER TABLE t MODIFY a INT NOT NULL', 'convert-a-column'],
  ['ALTER TABLE t CONVERT TO CHARACTER SET latin1', 'convert-a-column'],
  ['ALTER TABLE t ADD COLUMN a DATETIME DEFAULT CURRENT_TIMESTAMP', 'fill-a-new-column'],
  ['ALTER TABLE t ADD COLUMN a INT DEFAULT (b + 1)', 'fill-a-new-column'],
  ['ALTER TABLE t ADD COLUMN a BIGINT AUTO_INCREMENT UNIQUE', 'number-the-rows'],
  ['ALTER TABLE t ADD UNIQUE INDEX u (a)', 'both-ways'],
  ['ALTER TABLE t ADD CONSTRAINT FOREIGN KEY (a) REFERENCES u (a)', 'both-ways'],
  ['ALTER TABLE t ADD COLUMN a INT NOT NULL', 'expand-migrate-contract'],
  ['ALTER TABLE t ADD COLUMN `UNIQUE` INT NOT NULL', 'expand-migrate-contract'],
  ['RENAME TABLE t TO u', 'both-ways'],
])('%s: %s', (sql, anchor) => {
  expect(recipeOf(ddlRecord(sql, []))).toContain(`(docs/10-schema-changes.md#${anchor})`);
});
