/**
 * Temporal's time-skipping test server, bound to the loopback address alone.
 *
 * Its own main class listens on every network interface, which a test machine should not.
 * Argument: the port. Time stands still until a client unlocks it, as the SDKs expect.
 */
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.temporal.internal.testservice.GRPCServerHelper;
import io.temporal.internal.testservice.TestServicesStarter;
import java.net.InetAddress;
import java.net.InetSocketAddress;

public final class LoopbackTestServer {
  public static void main(String[] arguments) throws Exception {
    int port = Integer.parseInt(arguments[0]);
    boolean timeLocked = true;
    long startAtTheRealClock = 0;
    TestServicesStarter services = new TestServicesStarter(timeLocked, startAtTheRealClock);
    ServerBuilder<?> builder =
        NettyServerBuilder.forAddress(
            new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port));
    GRPCServerHelper.registerServicesAndHealthChecks(services.getServices(), builder);
    Server server = builder.build().start();
    server.awaitTermination();
  }
}
