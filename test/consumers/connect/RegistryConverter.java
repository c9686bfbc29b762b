/*
 * What Confluent's AvroConverter does for a sink: Confluent's wire format → Connect's data, the schema by its id from control's registry,
 * with the same options. Only for where Confluent's is not to be had: it is not on Maven Central. Schemas and values are mapped by
 * Apicurio's AvroData, which descends from Confluent's class of that name; nothing here knows Lutra.
 */
package lutra.connect;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.apicurio.registry.utils.converter.avro.AvroData;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.storage.Converter;

public final class RegistryConverter implements Converter {
  private static final int BYTES_BEFORE_BODY = 5;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final ObjectMapper json = new ObjectMapper();
  private final HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
  /** An id means the same schema for ever: each is asked for once. */
  private final Map<Integer, org.apache.avro.Schema> schemas = new ConcurrentHashMap<>();
  private final AvroData data = new AvroData(1000);
  private String registry;
  private String authorization;

  @Override
  public void configure(Map<String, ?> options, boolean isKey) {
    registry = String.valueOf(options.get("schema.registry.url")).replaceAll("/+$", "");
    byte[] user = String.valueOf(options.get("basic.auth.user.info")).getBytes(StandardCharsets.UTF_8);
    authorization = "Basic " + Base64.getEncoder().encodeToString(user);
  }

  @Override
  public SchemaAndValue toConnectData(String topic, byte[] bytes) {
    if (bytes == null) return SchemaAndValue.NULL;
    if (bytes.length < BYTES_BEFORE_BODY || bytes[0] != 0) throw new DataException("not Confluent's wire format");
    org.apache.avro.Schema schema = schemas.computeIfAbsent(ByteBuffer.wrap(bytes).getInt(1), this::fetch);
    try {
      var body = DecoderFactory.get().binaryDecoder(bytes, BYTES_BEFORE_BODY, bytes.length - BYTES_BEFORE_BODY, null);
      return data.toConnectData(schema, new GenericDatumReader<>(schema).read(null, body));
    } catch (IOException error) {
      throw new DataException("a value that is not of its schema", error);
    }
  }

  private org.apache.avro.Schema fetch(int id) {
    var request = HttpRequest.newBuilder(URI.create(registry + "/schemas/ids/" + id)).timeout(PATIENCE).header("Authorization", authorization);
    try {
      var answer = http.send(request.build(), BodyHandlers.ofString());
      if (answer.statusCode() != 200) throw new DataException("schema " + id + ": the registry answers " + answer.statusCode());
      return new org.apache.avro.Schema.Parser().parse(json.readTree(answer.body()).get("schema").asText());
    } catch (IOException error) {
      throw new RetriableException("schema " + id + ": the registry does not answer", error);
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      throw new RetriableException("schema " + id + ": interrupted", error);
    }
  }

  @Override
  public byte[] fromConnectData(String topic, Schema schema, Object value) {
    throw new DataException("for sinks only: Lutra's topics are written by Lutra");
  }
}
