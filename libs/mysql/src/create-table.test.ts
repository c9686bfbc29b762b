import { describe, expect, it } from 'vitest';
import { createStatementOf } from './create-table.js';

const of = (definition: string) => ({
  source: { database: 'shop', name: 'orders' },
  target: { database: 'Copy', name: 'o`1' },
  definition,
  targetOf: ({ database, name }: { database: string; name: string }) => (name === 'gone' ? null : { database: `${database}_copy`, name }),
});

describe('the definition of a table, at its target', () => {
  it('has the names there, of its parents too, and everything else as it was', () => {
    const definition = [
      'CREATE TABLE `orders` (',
      "  `REFERENCES` int NOT NULL COMMENT 'a `name` REFERENCES `gone`',",
      '  `up` int DEFAULT NULL,',
      '  CONSTRAINT `a``b` FOREIGN KEY (`REFERENCES`) REFERENCES `customers` (`id`) ON DELETE CASCADE,',
      '  CONSTRAINT `x` FOREIGN KEY (`up`) REFERENCES `other`.`t` (`id`),',
      '  CONSTRAINT `y` FOREIGN KEY (`up`) REFERENCES `orders` (`REFERENCES`)',
      ") ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT CHARSET=utf8mb4 COMMENT='it''s'",
      '/*!50100 PARTITION BY HASH (`up`) PARTITIONS 2 */',
    ].join('\n');
    const expected = definition
      .replace('CREATE TABLE `orders`', 'CREATE TABLE IF NOT EXISTS `Copy`.`o``1` /* lutra:create */')
      .replace('REFERENCES `customers` (', 'REFERENCES `shop_copy`.`customers` (')
      .replace('REFERENCES `other`.`t` (', 'REFERENCES `other_copy`.`t` (')
      .replace('REFERENCES `orders` (', 'REFERENCES `Copy`.`o``1` (');
    expect(createStatementOf(of(definition))).toBe(expected);
  });

  it.each([
    ['CREATE TABLE `orders` (`a` int, FOREIGN KEY (`a`) REFERENCES `gone` (`id`))', /points to shop\.gone/],
    ['CREATE VIEW `orders` AS SELECT 1', /does not begin with CREATE TABLE/],
  ])('is refused: %s', (definition, why) => {
    expect(() => createStatementOf(of(definition))).toThrow(
      expect.objectContaining({
        code: 'SEED_TABLE_REFUSED',
        message: expect.stringMatching(why),
        refused: { table: { database: 'shop', name: 'orders', code: 'SEED_TABLE_REFUSED' } },
      }),
    );
  });
});
