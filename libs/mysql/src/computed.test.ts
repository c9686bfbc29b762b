import { describe, expect, it } from 'vitest';
import { computedBy } from './computed.js';

const mysql = `CREATE TABLE \`x\` (
  \`id\` int NOT NULL,
  \`placed\` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  \`day\` date GENERATED ALWAYS AS (cast(\`placed\` as date)) STORED,
  \`CHECK (\` varchar(20) DEFAULT NULL COMMENT 'GENERATED ALWAYS AS (x) CHECK (y) it''s',
  \`u\` varchar(40) DEFAULT (uuid()),
  PRIMARY KEY (\`id\`),
  KEY \`plain\` (\`id\`,\`day\`),
  UNIQUE KEY \`by_hour\` ((hour(\`placed\`))),
  CONSTRAINT \`x_chk_1\` CHECK ((\`id\` > 0)),
  CONSTRAINT \`x_fk\` FOREIGN KEY (\`id\`) REFERENCES \`p\` (\`id\`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci
/*!50100 PARTITION BY HASH (\`id\`)
PARTITIONS 2 */`;

const mariadb = `CREATE TABLE \`x\` (
  \`id\` int(11) NOT NULL,
  \`a\` int(11) DEFAULT (\`id\` + 1) CHECK (\`a\` > 0),
  \`b\` varchar(40) DEFAULT uuid(),
  \`n\` varchar(20) DEFAULT 'CHECK (z)',
  \`v\` int(11) GENERATED ALWAYS AS (\`a\`) VIRTUAL,
  PRIMARY KEY (\`id\`),
  CONSTRAINT \`c\` CHECK (\`a\` > 0)
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci
 PARTITION BY HASH (\`id\`)
PARTITIONS 2`;

const named = (definition: string): string[] => computedBy(definition).map(({ what, name }) => `${what} ${name}`);

describe('what a server computes', () => {
  it('is found in the definition that MySQL prints', () => {
    expect(named(mysql)).toEqual([
      'default placed',
      'column day',
      'default u',
      'index by_hour',
      'check x_chk_1',
      'partitions its partitions',
    ]);
  });

  it('is found in the definition that MariaDB prints', () => {
    expect(named(mariadb)).toEqual(['default a', 'check a', 'default b', 'column v', 'check c', 'partitions its partitions']);
  });
});
