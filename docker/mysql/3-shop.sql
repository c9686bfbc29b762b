-- Tables to try it with. Both servers begin with the same ones.
CREATE TABLE IF NOT EXISTS shop.orders (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer VARCHAR(100) NOT NULL,
  amount DECIMAL(12, 2) NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
) ENGINE = InnoDB;

-- A row names a file of the root `pictures`. Another picture has another name, in whichever region.
CREATE TABLE IF NOT EXISTS shop.pictures (
  id    BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  image VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL UNIQUE
) ENGINE = InnoDB;
